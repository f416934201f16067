// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// A limit order book. Orders of one price wait in a list, the oldest first; prices with
/// orders are bits of a bitmap. An order trades against the best prices of the other
/// side, and what is left of it waits. Balances are kept inside.
contract Exchange {
    uint256 public constant LEVELS = 256; // prices 0 to 255

    struct Order {
        address owner;
        uint64 amount; // still to be traded
        uint32 next; // of the same price; 0: none
    }

    struct Level {
        uint32 first;
        uint32 last;
        uint64 volume;
    }

    struct Account {
        uint128 base;
        uint128 quote;
    }

    uint32 public orders;
    uint256 public bids; // bitmap of prices
    uint256 public asks;
    mapping(uint256 => Order) public book;
    mapping(uint256 => Level) public bidsAt;
    mapping(uint256 => Level) public asksAt;
    mapping(address => Account) public accounts;

    event Placed(uint256 indexed id, address indexed owner, bool buys, uint256 price, uint256 amount);
    event Traded(uint256 indexed id, address indexed taker, uint256 price, uint256 amount);

    error BadOrder();
    error NotOwner(address caller);

    function deposit(address to, uint128 base, uint128 quote) external {
        Account storage a = accounts[to];
        a.base += base;
        a.quote += quote;
    }

    function place(bool buys, uint256 price, uint64 amount) external returns (uint256 id) {
        if (price >= LEVELS || price == 0 || amount == 0) revert BadOrder();
        uint64 left = _match(buys, price, amount);
        if (left == 0) return 0;
        if (buys) accounts[msg.sender].quote -= uint128(price * left);
        else accounts[msg.sender].base -= left;
        id = _queue(buys, price, left);
    }

    /// Takes an order out of the book. Its place in the list stays, with nothing to trade.
    function cancel(uint256 id, bool buys, uint256 price) external {
        Order storage o = book[id];
        if (o.owner != msg.sender) revert NotOwner(msg.sender);
        uint64 amount = o.amount;
        o.amount = 0;
        (buys ? bidsAt : asksAt)[price].volume -= amount;
        if (buys) accounts[msg.sender].quote += uint128(price * amount);
        else accounts[msg.sender].base += amount;
    }

    function _match(bool buys, uint256 limit, uint64 left) private returns (uint64) {
        uint256 map = buys ? asks : bids;
        mapping(uint256 => Level) storage side = buys ? asksAt : bidsAt;
        while (left > 0 && map != 0) {
            uint256 price = _highest(buys ? map & (~map + 1) : map);
            if (buys ? price > limit : price < limit) break;
            Level memory level = side[price];
            while (left > 0 && level.first != 0) {
                Order memory o = book[level.first];
                uint64 traded = left < o.amount ? left : o.amount;
                if (traded > 0) {
                    _trade(buys, price, traded, o.owner);
                    emit Traded(level.first, msg.sender, price, traded);
                }
                left -= traded;
                level.volume -= traded;
                if (traded == o.amount) {
                    delete book[level.first];
                    level.first = o.next;
                } else {
                    book[level.first].amount = o.amount - traded;
                }
            }
            if (level.first == 0) {
                level.last = 0;
                map &= ~(uint256(1) << price);
            }
            side[price] = level;
        }
        if (buys) {
            if (asks != map) asks = map;
        } else if (bids != map) {
            bids = map;
        }
        return left;
    }

    function _trade(bool buys, uint256 price, uint64 amount, address maker) private {
        Account storage taker = accounts[msg.sender];
        Account storage other = accounts[maker];
        uint128 worth = uint128(price * amount);
        if (buys) {
            taker.quote -= worth;
            taker.base += amount;
            other.quote += worth;
        } else {
            taker.base -= amount;
            taker.quote += worth;
            other.base += amount;
        }
    }

    function _queue(bool buys, uint256 price, uint64 amount) private returns (uint32 id) {
        id = ++orders;
        book[id] = Order(msg.sender, amount, 0);
        Level storage level = (buys ? bidsAt : asksAt)[price];
        if (level.first == 0) {
            level.first = id;
            if (buys) bids |= uint256(1) << price;
            else asks |= uint256(1) << price;
        } else {
            book[level.last].next = id;
        }
        level.last = id;
        level.volume += amount;
        emit Placed(id, msg.sender, buys, price, amount);
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
}
