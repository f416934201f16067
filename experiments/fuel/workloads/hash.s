# A chain of 64 hashes of 64 bytes.
    cfei 64
    move $r16 $ssp
    movi $r17 64
    movi $r18 64
next:
    k256 $r16 $r16 $r17
    subi $r18 $r18 1
    jnzb $r18 $zero next
    ret  $one
