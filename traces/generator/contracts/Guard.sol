// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// A spending limit that refuses in each of the ways in which Solidity refuses. The
/// books are written before the limit is checked, so that a refusal has something
/// to undo.
contract Guard {
    uint256 public constant LIMIT = 1000;

    uint256 public total;
    uint256 public refusals;
    mapping(address => uint256) public spent;

    event Spent(address indexed spender, uint256 amount);
    event Refused(address indexed spender, string reason);

    error OverLimit(address spender, uint256 amount, uint256 limit);

    /// Refuses with a reason: Error(string).
    function spend(uint256 amount) external {
        _book(amount);
        require(amount <= LIMIT, "Guard: amount is over the limit");
    }

    /// Refuses with a custom error.
    function spendOrFail(uint256 amount) external {
        _book(amount);
        if (amount > LIMIT) revert OverLimit(msg.sender, amount, LIMIT);
    }

    /// Refuses with Panic(0x11), an arithmetic underflow.
    function spendChecked(uint256 amount) external returns (uint256 left) {
        _book(amount);
        left = LIMIT - amount;
    }

    /// Catches the refusal of a call and goes on.
    function trySpend(uint256 amount) external returns (bool) {
        try this.spend(amount) {
            return true;
        } catch Error(string memory reason) {
            refusals++;
            emit Refused(msg.sender, reason);
            return false;
        }
    }

    function _book(uint256 amount) private {
        unchecked {
            total += amount;
            spent[msg.sender] += amount;
        }
        emit Spent(msg.sender, amount);
    }
}
