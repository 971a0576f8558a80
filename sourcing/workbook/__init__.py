"""Workbook: an instance is read from an .xlsx workbook or a folder of CSV files, checked cell by cell, and written."""

from sourcing.workbook.folder import write_folder
from sourcing.workbook.read import check, read

__all__ = ["check", "read", "write_folder"]
