"""What a form's answers lack or contradict, as findings: rules, hints from comments, waivers, personal data.

Takes a `Submission` or the merged answers; changes no answer, reads no file, and writes none. `form_checks` judges
by the rules, `comment_hints` compares comments with the columns beside them, `waivers` applies the plan's sheets
`Undantag` and `Alias`, and `pii` finds personal data.
"""
