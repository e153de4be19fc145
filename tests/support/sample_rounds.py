"""The rounds whose forms are damaged in the tests: what is asked in each, and under which names it stands."""

from support.form_grid import Kind

FOLLOWUP = Kind(
    template="followup",
    language="sv",
    plan="""
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
    item="activity",
    headings={"status": "Status", "new_deadline": "Ny tidpunkt", "comment": "Kommentar/avvikelse"},
    given=("deadline", "overall_goal", "Ansvar", "id", "previous"),
    stranger={"id": "f", "perspective": "Ekonomi", "activity": "Måla om"},
    sheet="Uppföljning",
    guide="Läs mig",
    listed="Att rätta",
    tabs=("Svar", "Insamling", "Anmärkningar", "Ordagrant"),
)
ENGLISH = Kind(
    template="followup",
    language="en",
    plan="""
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
    item="activity",
    headings={"status": "Status", "new_deadline": "New deadline", "comment": "Comment/deviation"},
    given=("deadline", "overall_goal", "Lead", "id", "previous"),
    stranger={"id": "f", "perspective": "Economy", "activity": "Paint the fence"},
    sheet="Follow-up",
    guide="Read me",
    listed="To correct",
    tabs=("Answers", "Collection", "Remarks", "Word for word"),
)
BUDGET = Kind(
    template="budget",
    language="sv",
    plan="""
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
    item="line",
    headings={"outcome": "Utfall", "forecast": "Prognos", "comment": "Kommentar"},
    given=("budget", "area", "Konto", "id", "previous"),
    stranger={"id": "f", "area": "Intäkter", "line": "Bidrag"},
    sheet="Uppföljning",
    guide="Läs mig",
    listed="Att rätta",
    tabs=("Svar", "Insamling", "Anmärkningar", "Ordagrant"),
    numbers=frozenset({"outcome", "forecast"}),
    computed=("deviation", "deviation_share"),
)
KINDS = {"followup": FOLLOWUP, "english": ENGLISH, "budget": BUDGET}
