"""The web page of a project: where a unit hands in, the coordinator sees who has, and an approver approves.

A face like the command line: no logic of rounds lives here. `project_access` is the only module that calls the
project, and it runs in worker processes that can be killed (`worker_pool`); the server itself opens no workbook.
"""
