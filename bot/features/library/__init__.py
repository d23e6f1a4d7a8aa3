"""`/library`: a member's pieces, a server's, and its starred ones.

command  the command, its pages, and the buttons that download a piece or take a star away
search   which pieces are listed: the scope, the member, the words
cards    one page of pieces as an embed
"""
