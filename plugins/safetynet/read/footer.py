"""Rows that a person adds to a table and that are no data: totals, and the signed notes under it.

The patterns are those of re and of DuckDB's regexp_matches alike; they are matched against the first filled cell.
"""

TOTAL = r"^[^,，:：]{0,20}(合\s*计|小\s*计|总\s*计|共\s*计)\s*([:：(（\d].*)?$"
NOTE = (
    r"^\s*(注|备注|说明|填表|制表|填报|填制|经办|审核|复核|审批|负责人|主管|签字|签章|签名|盖章|单位"
    r"|联系人|联系电话|报送|打印|导出|制单|统计人|统计时间)[^,，]{0,12}\s*[:：(（].*$"
    r"|^[^,，:：]{2,30}[(（](盖章|公章|签章|签字)[)）]\s*$"
)
DAY = r"^\s*20\d\d\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日\s*$"
"""The day of signing, a note where nothing else stands in its row."""
