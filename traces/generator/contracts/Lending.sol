// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

interface IAsset {
    function transfer(address to, uint256 value) external returns (bool);
    function transferFrom(address from, address to, uint256 value) external returns (bool);
}

/// Prices of assets in units of account with 18 digits, posted by a feed.
contract Oracle {
    struct Price {
        uint192 value;
        uint64 postedAt;
    }

    address public immutable feed;
    mapping(address => Price) private prices;

    event Posted(address indexed asset, uint256 value);

    error NotFeed(address caller);
    error Stale(address asset);

    constructor(address feed_) {
        feed = feed_;
    }

    function post(address asset, uint192 value) external {
        if (msg.sender != feed) revert NotFeed(msg.sender);
        prices[asset] = Price(value, uint64(block.timestamp));
        emit Posted(asset, value);
    }

    function priceOf(address asset) external view returns (uint256) {
        Price memory p = prices[asset];
        if (p.value == 0 || block.timestamp - p.postedAt > 1 hours) revert Stale(asset);
        return p.value;
    }
}

/// Lends one asset against another. Interest accrues on an index that all debts share;
/// whether an account may borrow depends on the oracle's prices.
contract Lending {
    uint256 private constant RAY = 1e27;
    uint256 private constant YEAR = 365 days;
    uint256 private constant BASE_RATE = 0.02e27; // a year, in ray
    uint256 private constant SLOPE = 0.2e27;
    uint256 private constant FACTOR = 75; // of 100 that collateral is worth may be borrowed

    Oracle public immutable oracle;
    IAsset public immutable collateral;
    IAsset public immutable asset;

    uint128 public cash;
    uint64 public accruedAt;
    uint256 public index = RAY; // what one unit of debt has become
    uint256 public scaledDebt; // in units of the index
    mapping(address => uint256) public collateralOf;
    mapping(address => uint256) public scaledDebtOf;

    event Accrued(uint256 rate, uint256 index);
    event Deposited(address indexed user, uint256 amount);
    event Borrowed(address indexed user, uint256 amount);
    event Repaid(address indexed user, uint256 amount);

    error Undercollateralised(address user, uint256 debt, uint256 limit);
    error NoCash(uint256 wanted, uint256 cash);

    constructor(Oracle oracle_, IAsset collateral_, IAsset asset_) {
        (oracle, collateral, asset) = (oracle_, collateral_, asset_);
        accruedAt = uint64(block.timestamp);
    }

    function fund(uint128 amount) external {
        cash += amount;
        asset.transferFrom(msg.sender, address(this), amount);
    }

    function deposit(uint256 amount) external {
        collateralOf[msg.sender] += amount;
        emit Deposited(msg.sender, amount);
        collateral.transferFrom(msg.sender, address(this), amount);
    }

    function borrow(uint128 amount) external {
        uint256 i = _accrue();
        if (amount > cash) revert NoCash(amount, cash);
        uint256 scaled = (uint256(amount) * RAY + i - 1) / i;
        scaledDebt += scaled;
        scaledDebtOf[msg.sender] += scaled;
        cash -= amount;
        _healthy(msg.sender, i);
        emit Borrowed(msg.sender, amount);
        asset.transfer(msg.sender, amount);
    }

    function repay(uint128 amount) external {
        uint256 i = _accrue();
        uint256 scaled = (uint256(amount) * RAY) / i;
        uint256 owed = scaledDebtOf[msg.sender];
        if (scaled > owed) {
            scaled = owed;
            amount = uint128((owed * i) / RAY);
        }
        scaledDebtOf[msg.sender] = owed - scaled;
        scaledDebt -= scaled;
        cash += amount;
        emit Repaid(msg.sender, amount);
        asset.transferFrom(msg.sender, address(this), amount);
    }

    function withdraw(uint256 amount) external {
        uint256 i = _accrue();
        collateralOf[msg.sender] -= amount;
        _healthy(msg.sender, i);
        collateral.transfer(msg.sender, amount);
    }

    /// Compounds by the first three terms of the exponential series.
    function _accrue() private returns (uint256 i) {
        i = index;
        uint256 elapsed = block.timestamp - accruedAt;
        if (elapsed == 0) return i;
        uint256 debt = (scaledDebt * i) / RAY;
        uint256 used = debt == 0 ? 0 : (debt * RAY) / (debt + cash);
        uint256 rate = BASE_RATE + (used * SLOPE) / RAY;
        uint256 x = (rate * elapsed) / YEAR;
        uint256 square = (x * x) / RAY;
        i += (i * (x + square / 2 + (square * x) / RAY / 6)) / RAY;
        index = i;
        accruedAt = uint64(block.timestamp);
        emit Accrued(rate, i);
    }

    function _healthy(address user, uint256 i) private view {
        uint256 owed = scaledDebtOf[user];
        if (owed == 0) return;
        uint256 debt = (((owed * i) / RAY) * oracle.priceOf(address(asset))) / 1e18;
        uint256 worth = (collateralOf[user] * oracle.priceOf(address(collateral))) / 1e18;
        uint256 limit = (worth * FACTOR) / 100;
        if (debt > limit) revert Undercollateralised(user, debt, limit);
    }
}
