# A token: moves coins from one holder to another. The first parameter points at the
# amount and at the two holders' names, 32 bytes each. The balance of a holder lies in
# the slot whose key is the Keccak-256 of the name and of 32 zeros.
    lw   $r16 $fp 73
    lw   $r17 $r16 0            # amount
    cfei 96
    move $r20 $ssp              # the name and zeros, 64 bytes
    addi $r18 $ssp 64           # the key
    movi $r21 64

    addi $r19 $r16 8            # from
    mcpi $r20 $r19 32
    k256 $r18 $r20 $r21
    srw  $r22 $r23 $r18 0
    lt   $r24 $r22 $r17
    jnzf $r24 $zero poor
    sub  $r22 $r22 $r17
    sww  $r18 $r23 $r22

    addi $r19 $r16 40           # to
    mcpi $r20 $r19 32
    k256 $r18 $r20 $r21
    srw  $r22 $r23 $r18 0
    add  $r22 $r22 $r17
    sww  $r18 $r23 $r22

    movi $r25 72
    logd $zero $zero $r16 $r25
    ret  $one
poor:
    rvrt $zero
