// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// Numbers of 1024 bits: modular powers by Montgomery's multiplication, on words of 256
/// bits in memory, the lowest first.
contract Bignum {
    uint256 private constant WORDS = 4;

    mapping(address => bytes32) public results;

    event Powered(address indexed caller, uint256 exponent, bytes32 digest);

    error BadModulus();

    /// base^exponent modulo an odd modulus of full length (as those of RSA) that is above
    /// base; exponent is not zero.
    function power(uint256[WORDS] calldata base, uint256 exponent, uint256[WORDS] calldata modulus)
        external
        returns (uint256[WORDS] memory result)
    {
        uint256[WORDS] memory m = modulus;
        if (m[0] & 1 == 0 || m[WORDS - 1] >> 255 == 0) revert BadModulus();
        uint256 inverse = _inverse(m[0]);
        uint256[WORDS] memory one; // R modulo m, with R = 2^1024: R - m
        _subtract(one, m);
        uint256[WORDS] memory b = _multiply(base, _square(one, m, inverse), m, inverse); // base * R
        result = one;
        for (uint256 bit = _highest(exponent) + 1; bit > 0; bit--) {
            result = _multiply(result, result, m, inverse);
            if ((exponent >> (bit - 1)) & 1 == 1) result = _multiply(result, b, m, inverse);
        }
        uint256[WORDS] memory unit;
        unit[0] = 1;
        result = _multiply(result, unit, m, inverse);
        bytes32 digest = keccak256(abi.encode(result));
        results[msg.sender] = digest;
        emit Powered(msg.sender, exponent, digest);
    }

    /// -1/m modulo 2^256, by Newton's iteration.
    function _inverse(uint256 m) private pure returns (uint256 x) {
        unchecked {
            x = (3 * m) ^ 2;
            for (uint256 i = 0; i < 6; i++) x *= 2 - m * x;
            return ~x + 1;
        }
    }

    /// R^2 modulo m: R times 2^4 by doubling, then eight squarings: 2^(4 * 2^8) is R.
    function _square(uint256[WORDS] memory one, uint256[WORDS] memory m, uint256 inverse)
        private
        pure
        returns (uint256[WORDS] memory r)
    {
        for (uint256 i = 0; i < WORDS; i++) r[i] = one[i];
        for (uint256 i = 0; i < 4; i++) _double(r, m);
        for (uint256 i = 0; i < 8; i++) r = _multiply(r, r, m, inverse);
    }

    function _double(uint256[WORDS] memory r, uint256[WORDS] memory m) private pure {
        unchecked {
            uint256 carry = 0;
            for (uint256 i = 0; i < WORDS; i++) {
                uint256 x = r[i];
                r[i] = (x << 1) | carry;
                carry = x >> 255;
            }
            if (carry == 1 || !_below(r, m)) _subtract(r, m);
        }
    }

    /// a * b / R modulo m (Montgomery), word by word.
    function _multiply(uint256[WORDS] memory a, uint256[WORDS] memory b, uint256[WORDS] memory m, uint256 inverse)
        private
        pure
        returns (uint256[WORDS] memory r)
    {
        unchecked {
            uint256 top = 0;
            for (uint256 i = 0; i < WORDS; i++) {
                uint256 carry = 0;
                uint256 x = a[i];
                for (uint256 j = 0; j < WORDS; j++) (r[j], carry) = _accumulate(r[j], x, b[j], carry);
                uint256 over = top + carry;
                uint256 over2 = over < carry ? 1 : 0;
                uint256 q = r[0] * inverse;
                (, carry) = _accumulate(r[0], q, m[0], 0);
                for (uint256 j = 1; j < WORDS; j++) (r[j - 1], carry) = _accumulate(r[j], q, m[j], carry);
                r[WORDS - 1] = over + carry;
                top = over2 + (r[WORDS - 1] < carry ? 1 : 0);
            }
            if (top == 1 || !_below(r, m)) _subtract(r, m);
        }
    }

    /// low and high word of sum + x * y + carry, which cannot overflow them.
    function _accumulate(uint256 sum, uint256 x, uint256 y, uint256 carry) private pure returns (uint256 low, uint256 high) {
        unchecked {
            low = x * y;
            uint256 mod = mulmod(x, y, type(uint256).max);
            high = mod - low - (mod < low ? 1 : 0);
            low += sum;
            if (low < sum) high++;
            low += carry;
            if (low < carry) high++;
        }
    }

    function _below(uint256[WORDS] memory a, uint256[WORDS] memory b) private pure returns (bool) {
        for (uint256 i = WORDS; i > 0; i--) {
            if (a[i - 1] != b[i - 1]) return a[i - 1] < b[i - 1];
        }
        return false;
    }

    function _subtract(uint256[WORDS] memory a, uint256[WORDS] memory b) private pure {
        unchecked {
            uint256 borrow = 0;
            for (uint256 i = 0; i < WORDS; i++) {
                uint256 x = a[i];
                uint256 y = b[i] + borrow;
                borrow = y < borrow || x < y ? 1 : 0;
                a[i] = x - y;
            }
        }
    }

    function _highest(uint256 x) private pure returns (uint256 n) {
        while (x > 1) {
            x >>= 1;
            n++;
        }
    }
}
