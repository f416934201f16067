// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// Boards of 16 by 16 cells, a word each, on which Conway's game of life goes on by
/// ticks. Players set cells while they have energy, which comes back with time.
contract Game {
    uint256 private constant FULL = 100; // energy
    uint256 private constant COST = 7;
    uint256 private constant LEFT = 0x8000800080008000800080008000800080008000800080008000800080008000;
    uint256 private constant RIGHT = 0x0001000100010001000100010001000100010001000100010001000100010001;

    struct Player {
        uint64 energy;
        uint64 seenAt;
        uint128 score;
    }

    mapping(uint256 => uint256) public boards;
    mapping(uint256 => uint256) public generation;
    mapping(address => Player) public players;
    uint256 public moves;

    event Moved(address indexed player, uint256 indexed board, uint256 cells);
    event Ticked(uint256 indexed board, uint256 generation, uint256 cells);

    error Tired(address player, uint256 energy);

    /// Turns cells of a board over.
    function move(uint256 board, uint256 cells) external {
        Player memory p = players[msg.sender];
        uint256 energy = p.seenAt == 0 ? FULL : p.energy + (block.timestamp - p.seenAt);
        if (energy > FULL) energy = FULL;
        uint256 cost = COST * _count(cells);
        if (energy < cost) revert Tired(msg.sender, energy);
        uint256 before = boards[board];
        uint256 next = before ^ cells;
        players[msg.sender] = Player(uint64(energy - cost), uint64(block.timestamp), p.score + uint128(_count(next & ~before)));
        boards[board] = next;
        moves++;
        emit Moved(msg.sender, board, cells);
    }

    function tick(uint256 board, uint256 ticks) external {
        uint256 b = boards[board];
        for (uint256 i = 0; i < ticks; i++) b = step(b);
        boards[board] = b;
        uint256 g = generation[board] + ticks;
        generation[board] = g;
        emit Ticked(board, g, _count(b));
    }

    /// The next generation, on a torus: neighbours are counted for all cells at once, in
    /// three words of sums (ones, twos, fours and more).
    function step(uint256 b) public pure returns (uint256) {
        uint256 west = ((b << 1) & ~RIGHT) | ((b & LEFT) >> 15);
        uint256 east = ((b >> 1) & ~LEFT) | ((b & RIGHT) << 15);
        uint256[8] memory around = [west, east, _up(b), _down(b), _up(west), _down(west), _up(east), _down(east)];
        uint256 ones;
        uint256 twos;
        uint256 fours;
        for (uint256 i = 0; i < 8; i++) {
            uint256 n = around[i];
            uint256 carry = ones & n;
            ones ^= n;
            fours |= twos & carry;
            twos ^= carry;
        }
        return twos & ~fours & (ones | b);
    }

    function _up(uint256 b) private pure returns (uint256) {
        return (b << 16) | (b >> 240);
    }

    function _down(uint256 b) private pure returns (uint256) {
        return (b >> 16) | (b << 240);
    }

    function _count(uint256 x) private pure returns (uint256 n) {
        unchecked {
            while (x != 0) {
                x &= x - 1;
                n++;
            }
        }
    }
}
