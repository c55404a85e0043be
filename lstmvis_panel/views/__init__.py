"""The views: widgets, streams and layout. A view knows the session, and no other view."""
