# The sum of the first thousand squares.
    movi $r16 0
    movi $r17 1000
next:
    mul  $r18 $r17 $r17
    add  $r16 $r16 $r18
    subi $r17 $r17 1
    jnzb $r17 $zero next
    ret  $r16
