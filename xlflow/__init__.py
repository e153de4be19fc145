"""xlflow: collect answers from many units in Excel, without losing one."""
