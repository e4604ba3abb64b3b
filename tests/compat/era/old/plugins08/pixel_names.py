NAMES = ['first', 'second', 'third', 'brightness']
