"""A project folder: what came in, kept untouched, and one small file per thing that was done.

Everything else is computed from these two: who has answered, what counts, what is late. `events` writes and reads
the log, `project_folder` knows where everything is, `project_state` computes the rounds from the log.
"""
