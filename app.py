"""What `streamlit run app.py`, `uvicorn app:app` and `careloop serve` start: the pages and the web routes beside them.

The pages run below pages/_frame.py, so that a deep link on a fresh server cannot open a page without its frame.
"""

from pathlib import Path

import streamlit as st

from core.web import middleware, routes

app = st.App(Path(__file__).parent / "pages" / "_frame.py", routes=routes(), middleware=middleware())

if __name__ == "__main__":
    app.run()
