"""What a run came to, for people and for other programs. Decides nothing: it only shows a `RunResult`."""
