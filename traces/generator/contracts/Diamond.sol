// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// A diamond (ERC-2535): finds by the selector which facet's code to run on its own
/// storage.
contract Diamond {
    struct Facet {
        address code;
        uint32 added;
        bool frozen;
    }

    bytes32 private constant PLACE = keccak256("ooovm.diamond.facets");
    address private immutable owner;

    event Cut(bytes4 indexed selector, address indexed facet);

    error NotOwner(address caller);
    error Frozen(bytes4 selector);
    error UnknownSelector(bytes4 selector);

    constructor(address owner_) {
        owner = owner_;
    }

    function cut(bytes4 selector, address facet) external {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        Facet storage f = _facets()[selector];
        if (f.frozen) revert Frozen(selector);
        (f.code, f.added) = (facet, uint32(block.number));
        emit Cut(selector, facet);
    }

    fallback() external {
        address code = _facets()[msg.sig].code;
        if (code == address(0)) revert UnknownSelector(msg.sig);
        assembly {
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), code, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            switch ok
            case 0 { revert(0, returndatasize()) }
            default { return(0, returndatasize()) }
        }
    }

    function _facets() private pure returns (mapping(bytes4 => Facet) storage facets) {
        bytes32 place = PLACE;
        assembly {
            facets.slot := place
        }
    }
}

/// What the facets of points share.
struct Store {
    uint256 season;
    uint256 total;
    mapping(uint256 => mapping(address => uint256)) points;
    mapping(address => uint256) streak;
}

bytes32 constant POINTS = keccak256("ooovm.diamond.points");

function store() pure returns (Store storage s) {
    bytes32 place = POINTS;
    assembly {
        s.slot := place
    }
}

/// Earns points: more for those who come every time.
contract EarnFacet {
    event Earned(address indexed user, uint256 points, uint256 streak);

    function earn(uint256 effort) external returns (uint256 points) {
        Store storage s = store();
        uint256 streak = s.streak[msg.sender] + 1;
        points = effort * (10 + (streak < 10 ? streak : 10));
        s.streak[msg.sender] = streak;
        s.points[s.season][msg.sender] += points;
        emit Earned(msg.sender, points, streak);
    }
}

/// Gives points to others.
contract GiveFacet {
    event Given(address indexed from, address indexed to, uint256 points);

    error TooFew(uint256 has, uint256 needs);

    function give(address to, uint256 points) external {
        Store storage s = store();
        mapping(address => uint256) storage of_ = s.points[s.season];
        uint256 has = of_[msg.sender];
        if (has < points) revert TooFew(has, points);
        unchecked {
            of_[msg.sender] = has - points;
            of_[to] += points;
        }
        emit Given(msg.sender, to, points);
    }
}

/// Burns points into a total that all share.
contract BurnFacet {
    event Burnt(address indexed user, uint256 points, uint256 total);

    function burn(uint256 points) external returns (uint256 total) {
        Store storage s = store();
        s.points[s.season][msg.sender] -= points;
        total = s.total + points;
        s.total = total;
        emit Burnt(msg.sender, points, total);
    }
}
