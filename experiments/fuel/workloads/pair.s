# A constant-product pair of two tokens. The first parameter points at the amount sold
# and at the name of who sells. The fee is 3 of 1000.
    lw   $r16 $fp 73
    lw   $r17 $r16 0            # sold
    movi $r18 key0
    add  $r18 $r18 $is
    movi $r19 key1
    add  $r19 $r19 $is
    srw  $r20 $r21 $r18 0       # reserves
    srw  $r22 $r21 $r19 0
    muli $r23 $r17 997
    muli $r24 $r20 1000
    add  $r24 $r24 $r23
    mldv $r25 $r22 $r23 $r24    # bought

    cfei 144
    move $r26 $ssp              # what a call takes: contract, parameters
    addi $r27 $r26 64           # what the token takes: amount, from, to
    addi $r30 $r16 8
    sw   $r26 $r27 4

    movi $r28 token0
    add  $r28 $r28 $is
    mcpi $r26 $r28 32
    sw   $r27 $r17 0
    addi $r29 $r27 8
    mcpi $r29 $r30 32
    addi $r31 $r27 40
    mcpi $r31 $fp 32
    call $r26 $zero $zero $cgas

    movi $r28 token1
    add  $r28 $r28 $is
    mcpi $r26 $r28 32
    sw   $r27 $r25 0
    mcpi $r29 $fp 32
    mcpi $r31 $r30 32
    call $r26 $zero $zero $cgas

    add  $r20 $r20 $r17
    sub  $r22 $r22 $r25
    sww  $r18 $r21 $r20
    sww  $r19 $r21 $r22
    log  $r17 $r25 $r20 $r22
    ret  $r25
