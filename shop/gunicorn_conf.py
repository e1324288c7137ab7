# How gunicorn serves the store. The guide to a deployment names the same workers and threads.
worker_class = "gthread"
workers = 2
threads = 4
preload_app = True
graceful_timeout = 3
control_socket_disable = True
loglevel = "warning"
