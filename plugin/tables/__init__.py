"""Tables: one reader, with one set of rules and errors that name file, line and column, and one writer."""

from .delimited import csv_line, csv_text, parse_table, read_text
from .files import SUFFIXES, is_table, read_table, require_format, write_table
from .table import Table, to_number

__all__ = [
    "SUFFIXES",
    "Table",
    "csv_line",
    "csv_text",
    "is_table",
    "parse_table",
    "read_table",
    "read_text",
    "require_format",
    "to_number",
    "write_table",
]
