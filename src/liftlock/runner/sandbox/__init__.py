"""A job confined by bubblewrap: it sees what it needs of this machine, and reaches nothing else.

mounts     what stands where inside, and how bubblewrap is told
view       what a job sees: system, own directories, tools, and what liftlock.yml declares
programs   where programs lie that PATH leads to, outside of the system's directories
accounts   as whom jobs run, and what they are told of users and groups
seccomp    system calls that no job needs and attackers like
limits     memory and processes, by control groups or what else this machine has
disk       how much a job may write
inner      the first process inside, which starts the others
link       our end of the socket to it
workplace  all of it together, as the runner sees it
refusal    why bubblewrap does not start here, in words that help
"""
