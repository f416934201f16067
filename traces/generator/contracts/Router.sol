// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

interface ITradable {
    function approve(address spender, uint256 value) external returns (bool);
    function transferFrom(address from, address to, uint256 value) external returns (bool);
}

interface IPair {
    function token0() external view returns (ITradable);
    function token1() external view returns (ITradable);
    function swap(address tokenIn, uint256 amountIn, uint256 amountOutMin, address to) external returns (uint256);
}

/// Sells through several pairs, one after the other: what one pays out goes into the
/// next. The caller's tokens are taken once; between hops the router holds them.
contract Router {
    event Routed(address indexed trader, address indexed tokenIn, address indexed tokenOut, uint256 amountIn, uint256 amountOut);

    error EmptyPath();
    error Expired(uint256 deadline);
    error Slippage(uint256 amountOut, uint256 amountOutMin);

    function route(address tokenIn, uint256 amountIn, uint256 amountOutMin, address to, uint256 deadline, IPair[] calldata path)
        external
        returns (uint256 amount)
    {
        if (block.timestamp > deadline) revert Expired(deadline);
        if (path.length == 0) revert EmptyPath();
        ITradable(tokenIn).transferFrom(msg.sender, address(this), amountIn);
        amount = amountIn;
        address token = tokenIn;
        for (uint256 i = 0; i < path.length; i++) {
            ITradable(token).approve(address(path[i]), amount);
            address receiver = i + 1 == path.length ? to : address(this);
            amount = path[i].swap(token, amount, 0, receiver);
            ITradable a = path[i].token0();
            token = address(a) == token ? address(path[i].token1()) : address(a);
        }
        if (amount < amountOutMin) revert Slippage(amount, amountOutMin);
        emit Routed(msg.sender, tokenIn, token, amountIn, amount);
    }
}
