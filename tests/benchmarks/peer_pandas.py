"""What a user would write with pandas: read every form, put them together, write sheet and summary."""

import sys
from pathlib import Path

import pandas as pd

folder, target = map(Path, sys.argv[1:])
frames = []
for path in sorted(folder.glob("*.xlsx")):
    frame = pd.read_excel(path, sheet_name="Uppföljning", header=3, dtype=str, engine="openpyxl")
    frame = frame[frame["Aktivitet"].notna()]
    frame.insert(0, "Enhet", path.stem)
    frames.append(frame)
answers = pd.concat(frames, ignore_index=True)
answers["Status"] = answers["Status"].str.strip()
summary = answers.groupby(["Perspektiv", "Status"], dropna=False).size().unstack(fill_value=0)
with pd.ExcelWriter(target) as writer:
    summary.to_excel(writer, sheet_name="Sammanfattning")
    answers.to_excel(writer, sheet_name="Svar", index=False)
