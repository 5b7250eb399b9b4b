"""Synthetic photographs of digit images.

`scene.Scene` describes a photograph, `random_scene.random_scene` draws one, and
`photograph.photograph` takes it. `photograph_row.photograph_row` photographs several digits, and
`through_front_end.photograph_through_front_end` turns photographs back into digit images.
"""
