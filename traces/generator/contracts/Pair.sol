// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

interface IERC20 {
    function balanceOf(address owner) external view returns (uint256);
    function transfer(address to, uint256 value) external returns (bool);
    function transferFrom(address from, address to, uint256 value) external returns (bool);
}

/// A pool of two tokens that trades along x * y = k and keeps 0.3 % of what comes
/// in. As in the pools of mainnet the reserves share a slot with the time of the
/// latest trade, prices are accumulated once a block in 112.112 fixed point, and
/// balances are asked for after the transfers instead of being trusted.
contract Pair {
    uint256 private constant FEE = 3; // of FEE_UNIT
    uint256 private constant FEE_UNIT = 1000;

    IERC20 public immutable token0;
    IERC20 public immutable token1;

    uint112 private reserve0;
    uint112 private reserve1;
    uint32 private updatedAt;
    uint256 public price0Cumulative;
    uint256 public price1Cumulative;
    uint256 public totalShares;
    mapping(address => uint256) public sharesOf;

    bool private transient entered; // EIP-1153

    event Mint(address indexed sender, uint256 amount0, uint256 amount1, uint256 shares);
    event Swap(address indexed sender, uint256 in0, uint256 in1, uint256 out0, uint256 out1, address indexed to);
    event Sync(uint112 reserve0, uint112 reserve1);

    error Reentered();
    error TransferFailed(address token);
    error UnknownToken(address token);
    error ReserveOverflow();

    modifier once() {
        if (entered) revert Reentered();
        entered = true;
        _;
        entered = false;
    }

    constructor(IERC20 a, IERC20 b) {
        (token0, token1) = address(a) < address(b) ? (a, b) : (b, a);
    }

    function getReserves() public view returns (uint112, uint112, uint32) {
        return (reserve0, reserve1, updatedAt);
    }

    /// What amountIn buys, rounded down.
    function quote(uint256 amountIn, uint256 reserveIn, uint256 reserveOut) public pure returns (uint256) {
        require(amountIn > 0, "Pair: no input");
        require(reserveIn > 0 && reserveOut > 0, "Pair: no liquidity");
        uint256 taxed = amountIn * (FEE_UNIT - FEE);
        return (taxed * reserveOut) / (reserveIn * FEE_UNIT + taxed);
    }

    /// Pays both tokens in for shares of the pool.
    function provide(uint256 amount0, uint256 amount1, address to) external once returns (uint256 shares) {
        (uint112 r0, uint112 r1, ) = getReserves();
        _pull(token0, amount0);
        _pull(token1, amount1);
        uint256 total = totalShares;
        if (total == 0) {
            shares = _sqrt(amount0 * amount1);
        } else {
            uint256 by0 = (amount0 * total) / r0;
            uint256 by1 = (amount1 * total) / r1;
            shares = by0 < by1 ? by0 : by1;
        }
        require(shares > 0, "Pair: no shares");
        totalShares = total + shares;
        sharesOf[to] += shares;
        _update(token0.balanceOf(address(this)), token1.balanceOf(address(this)), r0, r1);
        emit Mint(msg.sender, amount0, amount1, shares);
    }

    /// Sells amountIn of tokenIn for at least amountOutMin of the other token.
    function swap(address tokenIn, uint256 amountIn, uint256 amountOutMin, address to)
        external
        once
        returns (uint256 amountOut)
    {
        bool zeroForOne = tokenIn == address(token0);
        if (!zeroForOne && tokenIn != address(token1)) revert UnknownToken(tokenIn);
        (uint112 r0, uint112 r1, ) = getReserves();
        amountOut = zeroForOne ? quote(amountIn, r0, r1) : quote(amountIn, r1, r0);
        require(amountOut >= amountOutMin, "Pair: slippage");

        _pull(zeroForOne ? token0 : token1, amountIn);
        _push(zeroForOne ? token1 : token0, to, amountOut);
        if (zeroForOne) {
            _settle(r0, r1, amountIn, 0);
            emit Swap(msg.sender, amountIn, 0, 0, amountOut, to);
        } else {
            _settle(r0, r1, 0, amountIn);
            emit Swap(msg.sender, 0, amountIn, amountOut, 0, to);
        }
    }

    /// Checks that k has not fallen and takes over the new balances.
    function _settle(uint112 r0, uint112 r1, uint256 in0, uint256 in1) private {
        uint256 balance0 = token0.balanceOf(address(this));
        uint256 balance1 = token1.balanceOf(address(this));
        uint256 taxed0 = balance0 * FEE_UNIT - in0 * FEE;
        uint256 taxed1 = balance1 * FEE_UNIT - in1 * FEE;
        require(taxed0 * taxed1 >= uint256(r0) * r1 * FEE_UNIT * FEE_UNIT, "Pair: K");
        _update(balance0, balance1, r0, r1);
    }

    function _update(uint256 balance0, uint256 balance1, uint112 r0, uint112 r1) private {
        if (balance0 > type(uint112).max || balance1 > type(uint112).max) revert ReserveOverflow();
        uint32 time = uint32(block.timestamp);
        unchecked {
            uint32 elapsed = time - updatedAt; // wraps in 2106, as it should
            if (elapsed > 0 && r0 != 0 && r1 != 0) {
                price0Cumulative += ((uint256(r1) << 112) / r0) * elapsed;
                price1Cumulative += ((uint256(r0) << 112) / r1) * elapsed;
            }
        }
        (reserve0, reserve1, updatedAt) = (uint112(balance0), uint112(balance1), time);
        emit Sync(uint112(balance0), uint112(balance1));
    }

    function _pull(IERC20 token, uint256 value) private {
        _call(address(token), abi.encodeCall(IERC20.transferFrom, (msg.sender, address(this), value)));
    }

    function _push(IERC20 token, address to, uint256 value) private {
        _call(address(token), abi.encodeCall(IERC20.transfer, (to, value)));
    }

    /// Accepts tokens that return nothing as well as those that return true.
    function _call(address token, bytes memory data) private {
        (bool ok, bytes memory result) = token.call(data);
        if (!ok || (result.length != 0 && !abi.decode(result, (bool)))) revert TransferFailed(token);
    }

    /// The integer square root, by Newton's iteration from above.
    function _sqrt(uint256 y) private pure returns (uint256 z) {
        z = y;
        uint256 x = y / 2 + 1;
        while (x < z) {
            z = x;
            x = (y / x + x) / 2;
        }
    }
}
