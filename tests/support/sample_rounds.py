"""The rounds whose forms are damaged in the tests: what is asked in each, and under which names it stands."""

from support.form_grid import SampleRound

FOLLOWUP = SampleRound(
    template="followup",
    language="sv",
    plan_table="""
    Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet | Delaktivitet | Slutdatum  | Enhet       | Ansvar
    Samhälle   | Levande kommun  | Möten    | Öppna kvarn    |              | Kvartal 2  | Museet      | Chef
               |                 |          |                | Hyra båt     | 2021-06-30 | Museet; Åbo |
               |                 |          |                | Sälja båt    | Se plan    | Museet      |
    Ekonomi    | Budget i balans | Sparande | Sälja ladan    |              | Kvartal 4  | Museet      | Ingen
               |                 |          | Byta lås       |              |            | Museet; Åbo |
               |                 |          | Måla om        |              |            | Åbo         |
               |                 |          | Rensa förrådet |              | Kvartal 3  | Museet      |
    """,
    levels=("perspective", "overall_goal", "board_goal", "activity", "sub_activity"),
    item_level="activity",
    headings={"status": "Status", "new_deadline": "Ny tidpunkt", "comment": "Kommentar/avvikelse"},
    issued_columns=("deadline", "overall_goal", "Ansvar", "id", "previous"),
    foreign_row={"id": "f", "perspective": "Ekonomi", "activity": "Måla om"},
    form_sheet="Uppföljning",
    guide_sheet="Läs mig",
    correction_sheet="Att rätta",
    result_names=("Svar", "Insamling", "Anmärkningar", "Ordagrant"),
)
ENGLISH = SampleRound(
    template="followup",
    language="en",
    plan_table="""
    Perspective | Overall goal      | Board goal | Activity        | Sub-activity | Deadline   | Unit        | Lead
    Community   | A lively place    | Meetings   | Open the mill   |              | Quarter 2  | Museet      | Head
                |                   |            |                 | Rent a boat  | 2021-06-30 | Museet; Åbo |
                |                   |            |                 | Sell a boat  | See plan   | Museet      |
    Economy     | A balanced budget | Savings    | Sell the barn   |              | Quarter 4  | Museet      | None
                |                   |            | Change the lock |              |            | Museet; Åbo |
                |                   |            | Paint the fence |              |            | Åbo         |
                |                   |            | Clear the store |              | Quarter 3  | Museet      |
    """,
    levels=FOLLOWUP.levels,
    item_level="activity",
    headings={"status": "Status", "new_deadline": "New deadline", "comment": "Comment/deviation"},
    issued_columns=("deadline", "overall_goal", "Lead", "id", "previous"),
    foreign_row={"id": "f", "perspective": "Economy", "activity": "Paint the fence"},
    form_sheet="Follow-up",
    guide_sheet="Read me",
    correction_sheet="To correct",
    result_names=("Answers", "Collection", "Remarks", "Word for word"),
)
BUDGET = SampleRound(
    template="budget",
    language="sv",
    plan_table="""
    Område   | Post        | Budget     | Enhet  | Konto
    Drift    | Löner       | 4000500    | Museet | 51
             | Vikarier    | 2000500    | Åbo    | 51
             | El          | 250000     | Museet | 62
             | Städning    |            | Museet | 62
             | Hyra        |            | Åbo    |
    Intäkter | Avgifter    | -300000    | Museet | 31
             | Försäljning | -125000.50 | Museet | 32
             | Bidrag      | -500       | Åbo    |
    """,
    levels=("area", "line"),
    item_level="line",
    headings={"outcome": "Utfall", "forecast": "Prognos", "comment": "Kommentar"},
    issued_columns=("budget", "area", "Konto", "id", "previous"),
    foreign_row={"id": "f", "area": "Intäkter", "line": "Bidrag"},
    form_sheet="Uppföljning",
    guide_sheet="Läs mig",
    correction_sheet="Att rätta",
    result_names=("Svar", "Insamling", "Anmärkningar", "Ordagrant"),
    number_columns=frozenset({"outcome", "forecast"}),
    computed_columns=("deviation", "deviation_share"),
)
KINDS = {"followup": FOLLOWUP, "english": ENGLISH, "budget": BUDGET}
