// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

interface IStaked {
    function transfer(address to, uint256 value) external returns (bool);
    function transferFrom(address from, address to, uint256 value) external returns (bool);
}

/// Pays a reward a second to all stakers by their share. What a staked unit has earned
/// since the beginning is one accumulator, which every action brings up to date.
contract Staking {
    uint256 private constant UNIT = 1e18;

    IStaked public immutable token;
    uint256 public immutable rate; // of reward a second

    uint256 public earnedByUnit;
    uint64 public updatedAt;
    uint192 public actions;
    uint256 public total;
    mapping(address => uint256) public staked;
    mapping(address => uint256) public counted; // of earnedByUnit
    mapping(address => uint256) public owed;

    event Staked(address indexed user, uint256 amount);
    event Withdrawn(address indexed user, uint256 amount);
    event Rewarded(address indexed user, uint256 amount);

    constructor(IStaked token_, uint256 rate_) {
        (token, rate, updatedAt) = (token_, rate_, uint64(block.timestamp));
    }

    modifier settled() {
        uint256 earned = earnedByUnit;
        if (total > 0) earned += ((block.timestamp - updatedAt) * rate * UNIT) / total;
        earnedByUnit = earned;
        (updatedAt, actions) = (uint64(block.timestamp), actions + 1);
        owed[msg.sender] += (staked[msg.sender] * (earned - counted[msg.sender])) / UNIT;
        counted[msg.sender] = earned;
        _;
    }

    function stake(uint256 amount) external settled {
        total += amount;
        staked[msg.sender] += amount;
        emit Staked(msg.sender, amount);
        token.transferFrom(msg.sender, address(this), amount);
    }

    function withdraw(uint256 amount) external settled {
        staked[msg.sender] -= amount;
        total -= amount;
        emit Withdrawn(msg.sender, amount);
        token.transfer(msg.sender, amount);
    }

    function claim() external settled returns (uint256 amount) {
        amount = owed[msg.sender];
        if (amount == 0) return 0;
        owed[msg.sender] = 0;
        emit Rewarded(msg.sender, amount);
        token.transfer(msg.sender, amount);
    }
}
