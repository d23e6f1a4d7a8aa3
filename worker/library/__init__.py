"""Data sets and models of the servers.

server_library  where a server's data sets, models and trainings are stored, and how much it may keep
data_sets       the `dataset_…` actions
models          the `model_…` actions
members         deletes what is kept about a member, on all servers
"""
