"""Data sets that members gather: what they send is checked, written anew, kept once, and described.

store      the data sets of one owner in one folder, and every change of them
shelf      the files they lie in, and the lock under which they change
adding     a batch of strangers' files on its way into a set
incoming   what members send as single files: MIDI as it is, archives entry by entry
names      names of sets and pieces, fit to be shown and never used as a path
limits     how much a set and a batch may hold
licences   the closed list of licences, and what follows from each
info       what is known of a set and of each piece in it
report     what became of a batch
likeness   which pieces are nearly the same
readers    the processes that read strangers' MIDI, kept between batches
reading    what such a process does with one file
exchange   a set as a zip and back, and as a folder to train on
"""

from model.datasets.info import DataSetInfo, PieceInfo
from model.datasets.licences import LICENCES, Terms
from model.datasets.limits import DataSetLimits
from model.datasets.report import BatchReport
from model.datasets.store import DataSetStore

__all__ = ["LICENCES", "BatchReport", "DataSetInfo", "DataSetLimits", "DataSetStore", "PieceInfo", "Terms"]
