// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

interface IDropped {
    function transfer(address to, uint256 value) external returns (bool);
    function transferFrom(address from, address to, uint256 value) external returns (bool);
}

/// Sends a token to many.
contract Airdrop {
    event Dropped(address indexed from, uint256 receivers, uint256 total);

    error LengthsDiffer();

    function drop(IDropped token, address[] calldata to, uint256[] calldata amounts) external returns (uint256 total) {
        if (to.length != amounts.length) revert LengthsDiffer();
        for (uint256 i = 0; i < to.length; i++) {
            require(token.transferFrom(msg.sender, to[i], amounts[i]), "Airdrop: refused");
            total += amounts[i];
        }
        emit Dropped(msg.sender, to.length, total);
    }
}

/// Pays out to those who prove that they are leaves of a Merkle tree, each once.
contract Claims {
    IDropped public immutable token;
    bytes32 public immutable root;
    mapping(uint256 => uint256) private claimed; // bits by leaf

    event Claimed(uint256 indexed index, address indexed account, uint256 amount);

    error AlreadyClaimed(uint256 index);
    error BadProof(uint256 index);

    constructor(IDropped token_, bytes32 root_) {
        (token, root) = (token_, root_);
    }

    function claim(uint256 index, address account, uint256 amount, bytes32[] calldata proof) external {
        uint256 bit = 1 << (index & 255);
        uint256 word = claimed[index >> 8];
        if (word & bit != 0) revert AlreadyClaimed(index);
        bytes32 node = keccak256(abi.encodePacked(keccak256(abi.encode(index, account, amount))));
        for (uint256 i = 0; i < proof.length; i++) {
            bytes32 other = proof[i];
            node = node < other ? _pair(node, other) : _pair(other, node);
        }
        if (node != root) revert BadProof(index);
        claimed[index >> 8] = word | bit;
        emit Claimed(index, account, amount);
        token.transfer(account, amount);
    }

    function _pair(bytes32 a, bytes32 b) private pure returns (bytes32 h) {
        assembly {
            mstore(0, a)
            mstore(32, b)
            h := keccak256(0, 64)
        }
    }
}
