"""A sheet as PNG: verovio engraves MusicXML as SVG, resvg draws it. No browser and no system library is needed."""

from __future__ import annotations

from model.errors import RequestError
from model.pictures.text import covered, font_folder

PAGE_WIDTH = 2100  # verovio's units: tenths of a millimetre at scale 100
SCALE = 50  # per cent
MOST_HEIGHT = 60_000  # units; one page holds the whole sheet
ZOOM = 2


def engraved(musicxml: bytes) -> bytes:
    """The PNG of a sheet on one page.

    Raises:
        RequestError: when the libraries are not installed or the sheet cannot be engraved.
    """
    try:
        import resvg_py
        import verovio
    except ImportError as error:
        raise RequestError(
            f"A sheet as PNG needs {error.name}: pip install verovio resvg_py, or ask for MusicXML."
        ) from error
    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(
        {
            "pageWidth": PAGE_WIDTH,
            "pageHeight": MOST_HEIGHT,
            "adjustPageHeight": True,
            "scale": SCALE,
            "breaks": "auto",
            "footer": "none",
            "header": "none",  # resvg puts a centred title at the edge
            "svgViewBox": False,
        }
    )
    if not toolkit.loadData(_drawable(musicxml.decode())):
        raise RequestError("The sheet cannot be engraved; ask for MusicXML and open it in a notation program.")
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=toolkit.renderToSVG(1),
            background="white",
            zoom=ZOOM,
            font_dirs=[str(font_folder())],
            font_family="DejaVu Serif",
            serif_family="DejaVu Serif",
        )
    )


def _drawable(musicxml: str) -> str:
    """`musicxml` without the letters for which the font has only a box."""
    if musicxml.isascii():
        return musicxml
    letters = covered("DejaVuSerif.ttf")
    return "".join(letter for letter in musicxml if letter.isascii() or ord(letter) in letters)
