// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// What the factory makes: a store of ether with an owner.
contract Vault {
    address public immutable owner;
    uint256 public deposits;

    error NotOwner(address caller);

    constructor(address owner_) payable {
        owner = owner_;
        deposits = msg.value;
    }

    receive() external payable {
        deposits += msg.value;
    }

    function withdraw(uint256 amount) external {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        (bool ok, ) = msg.sender.call{value: amount}("");
        require(ok, "Vault: payment refused");
    }
}

/// Creates vaults, at addresses from its nonce (CREATE) or from a salt (CREATE2,
/// EIP-1014).
contract Factory {
    uint256 public count;
    mapping(address => address) public vaultOf;

    event Created(address indexed owner, address vault);

    function create() external payable returns (Vault vault) {
        vault = new Vault{value: msg.value}(msg.sender);
        _register(vault);
    }

    function createAt(bytes32 salt) external payable returns (Vault vault) {
        vault = new Vault{value: msg.value, salt: salt}(msg.sender);
        _register(vault);
    }

    function _register(Vault vault) private {
        count++;
        vaultOf[msg.sender] = address(vault);
        emit Created(msg.sender, address(vault));
    }
}
