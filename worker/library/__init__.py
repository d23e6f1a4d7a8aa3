"""What admins do with their server's data sets and models: one errand, one answer.

errand     one errand from its record to its answer
shelves    where a server's data sets, models and trainings lie
data_sets  what each `dataset_…` action does
parts      an archive in parts where it is too large for a message, and back
models     what each `model_…` action does
"""
