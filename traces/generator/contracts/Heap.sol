// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// Priority queues in storage: binary heaps in arrays, by number.
contract Heap {
    mapping(uint256 => uint256[]) private heaps;

    event Pushed(uint256 indexed heap, uint256 value, uint256 length);
    event Popped(uint256 indexed heap, uint256 value, uint256 length);

    error Empty(uint256 heap);

    function push(uint256 heap, uint256[] calldata values) external {
        uint256[] storage h = heaps[heap];
        for (uint256 k = 0; k < values.length; k++) {
            uint256 value = values[k];
            uint256 i = h.length;
            h.push();
            while (i > 0) {
                uint256 above = (i - 1) / 2;
                uint256 other = h[above];
                if (other <= value) break;
                h[i] = other;
                i = above;
            }
            h[i] = value;
            emit Pushed(heap, value, h.length);
        }
    }

    function pop(uint256 heap) external returns (uint256 least) {
        uint256[] storage h = heaps[heap];
        uint256 length = h.length;
        if (length == 0) revert Empty(heap);
        least = h[0];
        uint256 value = h[--length];
        h.pop();
        uint256 i = 0;
        while (2 * i + 1 < length) {
            uint256 below = 2 * i + 1;
            uint256 other = h[below];
            if (below + 1 < length) {
                uint256 right = h[below + 1];
                if (right < other) (below, other) = (below + 1, right);
            }
            if (value <= other) break;
            h[i] = other;
            i = below;
        }
        if (length > 0) h[i] = value;
        emit Popped(heap, least, length);
    }

    function lengthOf(uint256 heap) external view returns (uint256) {
        return heaps[heap].length;
    }
}
