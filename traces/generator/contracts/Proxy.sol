// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// Runs the code of another contract on its own storage. Where that contract is lies
/// in the slot of EIP-1967.
contract Proxy {
    // keccak256("eip1967.proxy.implementation") - 1
    bytes32 private constant SLOT = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;
    address private immutable admin;

    event Upgraded(address indexed implementation);

    error NotAdmin(address caller);

    constructor(address implementation) {
        admin = msg.sender;
        _set(implementation);
    }

    function upgradeTo(address implementation) external {
        if (msg.sender != admin) revert NotAdmin(msg.sender);
        _set(implementation);
    }

    fallback() external {
        assembly {
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), sload(SLOT), 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(ok) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }

    function _set(address implementation) private {
        assembly {
            sstore(SLOT, implementation)
        }
        emit Upgraded(implementation);
    }
}

/// Hands every call on to the next contract, as wallets and forwarders do.
contract Relay {
    address private immutable next;

    constructor(address next_) {
        next = next_;
    }

    fallback() external {
        (bool ok, bytes memory result) = next.call(msg.data);
        assembly {
            switch ok
            case 0 { revert(add(result, 32), mload(result)) }
            default { return(add(result, 32), mload(result)) }
        }
    }
}
