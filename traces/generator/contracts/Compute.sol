// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// A loop of mixed arithmetic with a loop-carried dependence, a branch that depends
/// on data, and a small array in memory whose elements are stored and loaded again
/// at addresses that depend on data.
contract Compute {
    uint256 private constant PRIME = 2 ** 255 - 19;

    mapping(address => uint256) public results;

    event Computed(address indexed caller, uint256 rounds, uint256 result);

    function run(uint256 seed, uint256 rounds) external returns (uint256 acc) {
        uint256[16] memory lanes;
        acc = seed;
        unchecked {
            for (uint256 i = 0; i < rounds; i++) {
                uint256 lane = (acc >> 7) & 15;
                uint256 x = lanes[lane] ^ (acc << 13);
                acc = addmod(mulmod(acc, acc, PRIME), x, PRIME);
                if (acc & 3 == 0) {
                    acc ^= uint256(keccak256(abi.encode(acc, i)));
                } else if (int256(acc) < 0) {
                    acc = uint256(int256(acc) / int256(i + 3));
                } else {
                    acc += (acc % (i + 5)) * 0x9e3779b97f4a7c15;
                }
                lanes[(lane + i) & 15] = acc;
            }
        }
        results[msg.sender] = acc;
        emit Computed(msg.sender, rounds, acc);
    }
}
