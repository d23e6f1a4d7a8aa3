"""Data sets that members gather: checks what they send, keeps it once, and describes it.

store    the data sets of one owner: every operation on them
ingest   adds a batch of files or archives to a set, and reports on each file
reading  reads members' files in child processes
info     what a set is: licence, pieces, facts, limits; names that are fit to be shown and never used as a path
files    the files on disk, and the lock under which they change
export   a set as a zip and back, and the names of its files
"""

from model.uploads.info import LICENCES, DataSetInfo, DataSetLimits, PieceInfo, Terms
from model.uploads.ingest import BatchReport
from model.uploads.store import DataSetStore

__all__ = ["LICENCES", "BatchReport", "DataSetInfo", "DataSetLimits", "DataSetStore", "PieceInfo", "Terms"]
