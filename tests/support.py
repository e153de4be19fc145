"""What several tests share: forms drawn, filled and damaged, other programs run, workbooks dumped as text."""
