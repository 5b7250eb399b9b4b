"""Synthetic photographs of digit images.

`scene.Scene` describes a photograph, `random_scene.random_scene` draws one, and
`photograph.photograph` takes it. `photograph_row.photograph_row` photographs several digits,
`photograph_page.photograph_page` a page with what `page_objects` paints around them, and
`through_front_end.photograph_through_front_end` turns photographs back into digit images.
"""
