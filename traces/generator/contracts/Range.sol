// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

interface IPaid {
    function transfer(address to, uint256 value) external returns (bool);
    function transferFrom(address from, address to, uint256 value) external returns (bool);
}

/// A pool with concentrated liquidity: providers choose a range of prices, bounded by
/// ticks, and a swap walks from tick to tick, with a constant product between them.
/// The square root of the price is kept in 64.96 fixed point; tick i stands for the
/// price 1.0001^i. Ticks that bound liquidity are bits of a bitmap.
contract Range {
    uint256 private constant Q96 = 1 << 96;
    uint256 private constant Q128 = 1 << 128;
    // 1.0001^(-1/2) in 0.128 fixed point, rounded down.
    uint256 private constant STEP = 340265354078544963557816517032075149313;
    int24 public constant SPACING = 60;
    int24 public constant LAST = 443580; // a multiple of SPACING
    uint256 private constant FEE = 3000; // of FEE_UNIT
    uint256 private constant FEE_UNIT = 1e6;

    struct Tick {
        uint128 gross;
        int128 net;
        uint256 feesBelow0;
        uint256 feesBelow1;
    }

    IPaid public immutable token0;
    IPaid public immutable token1;

    uint160 public root; // of the price
    int24 public tick;
    uint16 public crossings;
    bool private transient entered;
    uint128 public liquidity;
    uint256 public fees0; // of a unit of liquidity, in 128.128
    uint256 public fees1;
    mapping(int24 => Tick) public ticks;
    mapping(int16 => uint256) public bitmap;
    mapping(bytes32 => uint128) public positions;

    event Provided(address indexed owner, int24 lower, int24 upper, uint128 amount, uint256 amount0, uint256 amount1);
    event Swapped(address indexed trader, int256 amount0, int256 amount1, uint160 root, uint128 liquidity, int24 tick);

    error Reentered();
    error BadRange(int24 lower, int24 upper);
    error NothingTraded();

    /// What a swap changes while it walks.
    struct Walk {
        uint256 left;
        uint256 paid;
        uint256 root;
        int24 tick;
        uint128 liquidity;
        uint256 fees;
        uint256 crossings;
    }

    modifier once() {
        if (entered) revert Reentered();
        entered = true;
        _;
        entered = false;
    }

    constructor(IPaid a, IPaid b) {
        (token0, token1) = address(a) < address(b) ? (a, b) : (b, a);
        root = uint160(Q96); // a price of one
    }

    /// The square root of tick t's price, in 64.96 fixed point.
    function rootAt(int24 t) public pure returns (uint256 r) {
        uint256 n = uint256(int256(t < 0 ? -t : t));
        r = Q128;
        uint256 power = STEP;
        unchecked {
            for (; n != 0; n >>= 1) {
                if (n & 1 == 1) r = (r * power) >> 128;
                power = (power * power) >> 128;
            }
        }
        if (t > 0) r = type(uint256).max / r;
        r = (r + (1 << 32) - 1) >> 32;
    }

    function provide(int24 lower, int24 upper, uint128 amount) external once {
        if (lower >= upper || lower < -LAST || upper > LAST || lower % SPACING != 0 || upper % SPACING != 0) {
            revert BadRange(lower, upper);
        }
        _bound(lower, int128(amount), amount);
        _bound(upper, -int128(amount), amount);
        positions[keccak256(abi.encode(msg.sender, lower, upper))] += amount;
        uint256 low = rootAt(lower);
        uint256 high = rootAt(upper);
        uint256 now_ = root;
        uint256 amount0;
        uint256 amount1;
        if (tick < upper) amount0 = _amount0(now_ > low ? now_ : low, high, amount, true);
        if (tick >= lower) amount1 = _amount1(low, now_ < high ? now_ : high, amount, true);
        if (tick >= lower && tick < upper) liquidity += amount;
        if (amount0 > 0) token0.transferFrom(msg.sender, address(this), amount0);
        if (amount1 > 0) token1.transferFrom(msg.sender, address(this), amount1);
        emit Provided(msg.sender, lower, upper, amount, amount0, amount1);
    }

    /// Sells amountIn of token 0 (down) or of token 1.
    function swap(bool down, uint256 amountIn, uint256 rootLimit, address to) external once returns (uint256 amountOut) {
        Walk memory w = Walk(amountIn, 0, root, tick, liquidity, down ? fees0 : fees1, 0);
        while (w.left > 0 && w.root != rootLimit) {
            (int24 next, bool bound) = _next(w.tick, down);
            uint256 target = rootAt(next);
            if (down ? target < rootLimit : target > rootLimit) target = rootLimit;
            _step(w, target, down);
            if (w.root == rootAt(next)) {
                if (bound) _cross(w, next, down);
                w.tick = down ? next - 1 : next;
            } else if (w.left == 0 || w.root == rootLimit) {
                w.tick = _tickOf(w.root, w.tick, next);
            }
        }
        if (w.paid == 0) revert NothingTraded();
        amountIn -= w.left;
        amountOut = w.paid;
        (root, tick) = (uint160(w.root), w.tick);
        unchecked {
            if (w.crossings > 0) crossings += uint16(w.crossings);
        }
        if (liquidity != w.liquidity) liquidity = w.liquidity;
        if (down) fees0 = w.fees;
        else fees1 = w.fees;
        (down ? token1 : token0).transfer(to, amountOut);
        (down ? token0 : token1).transferFrom(msg.sender, address(this), amountIn);
        int256 paidIn = int256(amountIn);
        int256 paidOut = -int256(amountOut);
        emit Swapped(msg.sender, down ? paidIn : paidOut, down ? paidOut : paidIn, uint160(w.root), w.liquidity, w.tick);
    }

    /// One stretch without a tick in between: to the target, or as far as the input goes.
    function _step(Walk memory w, uint256 target, bool down) private pure {
        uint256 taxed = mulDiv(w.left, FEE_UNIT - FEE, FEE_UNIT);
        uint256 need = down ? _amount0(target, w.root, w.liquidity, true) : _amount1(w.root, target, w.liquidity, true);
        uint256 from = w.root;
        uint256 used;
        uint256 fee;
        if (taxed >= need) {
            w.root = target;
            used = need;
            fee = mulDiv(need, FEE, FEE_UNIT - FEE) + (need > 0 ? 1 : 0);
            if (used + fee > w.left) fee = w.left - used;
        } else {
            w.root = down ? _rootAfter0(from, w.liquidity, taxed) : from + mulDiv(taxed, Q96, w.liquidity);
            used = taxed;
            fee = w.left - taxed;
        }
        w.paid += down ? _amount1(w.root, from, w.liquidity, false) : _amount0(from, w.root, w.liquidity, false);
        w.left -= used + fee;
        if (w.liquidity > 0) {
            unchecked {
                w.fees += mulDiv(fee, Q128, w.liquidity);
            }
        }
    }

    /// Takes over the liquidity that begins or ends at a tick.
    function _cross(Walk memory w, int24 where, bool down) private {
        Tick storage t = ticks[where];
        unchecked {
            t.feesBelow0 = (down ? w.fees : fees0) - t.feesBelow0;
            t.feesBelow1 = (down ? fees1 : w.fees) - t.feesBelow1;
            w.crossings++;
        }
        int128 net = down ? -t.net : t.net;
        w.liquidity = net < 0 ? w.liquidity - uint128(-net) : w.liquidity + uint128(net);
    }

    function _bound(int24 where, int128 net, uint128 gross) private {
        Tick storage t = ticks[where];
        if (t.gross == 0) {
            int24 place = where / SPACING;
            bitmap[int16(place >> 8)] ^= 1 << uint8(uint24(place));
            if (where <= tick) (t.feesBelow0, t.feesBelow1) = (fees0, fees1);
        }
        t.gross += gross;
        t.net += net;
    }

    /// The next tick of this word of the bitmap, or the word's last place.
    function _next(int24 from, bool down) private view returns (int24 next, bool bound) {
        int24 place = from / SPACING;
        if (from < 0 && from % SPACING != 0) place--;
        if (!down) place++;
        int16 word = int16(place >> 8);
        uint256 bits = bitmap[word];
        uint8 bit = uint8(uint24(place));
        uint256 found;
        if (down) {
            bits &= type(uint256).max >> (255 - bit);
            bound = bits != 0;
            found = bound ? _highest(bits) : 0;
        } else {
            bits &= type(uint256).max << bit;
            bound = bits != 0;
            found = bound ? _highest(bits & (~bits + 1)) : 255;
        }
        next = ((int24(word) << 8) + int24(uint24(found))) * SPACING;
        if (next < -LAST) next = -LAST;
        if (next > LAST) next = LAST;
    }

    /// The highest tick that is not above a root, by bisection between two ticks.
    function _tickOf(uint256 r, int24 a, int24 b) private pure returns (int24) {
        (int24 low, int24 high) = a < b ? (a, b) : (b, a);
        while (low < high) {
            int24 middle = low + (high - low + 1) / 2;
            if (rootAt(middle) <= r) low = middle;
            else high = middle - 1;
        }
        return low;
    }

    function _highest(uint256 x) private pure returns (uint256 n) {
        unchecked {
            for (uint256 shift = 128; shift != 0; shift >>= 1) {
                if (x >> shift != 0) {
                    x >>= shift;
                    n += shift;
                }
            }
        }
    }

    /// liquidity * (1/low - 1/high)
    function _amount0(uint256 low, uint256 high, uint256 l, bool up) private pure returns (uint256) {
        uint256 x = mulDiv(l << 96, high - low, high);
        return up ? (x + low - 1) / low : x / low;
    }

    /// liquidity * (high - low)
    function _amount1(uint256 low, uint256 high, uint256 l, bool up) private pure returns (uint256 x) {
        x = mulDiv(l, high - low, Q96);
        if (up && mulmod(l, high - low, Q96) != 0) x++;
    }

    /// The root after an input of token 0, rounded up.
    function _rootAfter0(uint256 from, uint256 l, uint256 amount) private pure returns (uint256) {
        uint256 n = l << 96;
        uint256 d = n + amount * from;
        uint256 r = mulDiv(n, from, d);
        return mulmod(n, from, d) == 0 ? r : r + 1;
    }

    /// x * y / d with a product of 512 bits: high and low word by two moduli, exact
    /// division by d's odd part through its inverse modulo 2^256 (Newton).
    function mulDiv(uint256 x, uint256 y, uint256 d) public pure returns (uint256 z) {
        unchecked {
            uint256 low = x * y;
            uint256 m = mulmod(x, y, type(uint256).max);
            uint256 high = m - low - (m < low ? 1 : 0);
            if (high == 0) return low / d;
            require(d > high, "Range: overflow");
            uint256 rest = mulmod(x, y, d);
            if (rest > low) high--;
            low -= rest;
            uint256 even = d & (~d + 1);
            d /= even;
            low = low / even + high * ((~even + 1) / even + 1);
            uint256 inverse = (3 * d) ^ 2; // right to 4 bits
            for (uint256 i = 0; i < 6; i++) inverse *= 2 - d * inverse;
            z = low * inverse;
        }
    }
}
