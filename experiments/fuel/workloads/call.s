# A script that calls the contract named in its data.
    gtf  $r16 $zero 0x00a
    call $r16 $zero $zero $cgas
    ret  $ret
