def render(tree): return "x"
