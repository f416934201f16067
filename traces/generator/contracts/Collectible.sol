// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

interface IReceiver {
    function onERC721Received(address operator, address from, uint256 id, bytes calldata data) external returns (bytes4);
}

/// An ERC-721 collection that sells its pieces in turn: every mint takes the next
/// number from one counter.
contract Collectible {
    string public constant name = "Workload Collectible";
    string public constant symbol = "PIECE";
    uint256 public constant PRICE = 0.01 ether;
    uint256 public constant MOST = 20; // at once
    uint256 public immutable supply;

    uint256 public minted;
    mapping(uint256 => address) private owners;
    mapping(address => uint256) public balanceOf;
    mapping(uint256 => address) public getApproved;
    mapping(address => mapping(address => bool)) public isApprovedForAll;
    mapping(uint256 => bytes32) public traits;

    event Transfer(address indexed from, address indexed to, uint256 indexed id);
    event Approval(address indexed owner, address indexed approved, uint256 indexed id);
    event ApprovalForAll(address indexed owner, address indexed operator, bool approved);

    error SoldOut();
    error TooMany(uint256 wanted);
    error WrongPrice(uint256 paid, uint256 price);
    error NotOwner(address caller, uint256 id);
    error NoReceiver(address to);

    constructor(uint256 supply_) {
        supply = supply_;
    }

    function mint(uint256 count) external payable {
        if (count == 0 || count > MOST) revert TooMany(count);
        if (msg.value != count * PRICE) revert WrongPrice(msg.value, count * PRICE);
        uint256 id = minted;
        if (id + count > supply) revert SoldOut();
        minted = id + count;
        balanceOf[msg.sender] += count;
        for (uint256 i = 0; i < count; i++) {
            id++;
            owners[id] = msg.sender;
            traits[id] = keccak256(abi.encodePacked(blockhash(block.number - 1), msg.sender, id));
            emit Transfer(address(0), msg.sender, id);
        }
        _check(address(0), msg.sender, id);
    }

    function ownerOf(uint256 id) public view returns (address) {
        return owners[id];
    }

    function approve(address to, uint256 id) external {
        address owner = owners[id];
        if (msg.sender != owner && !isApprovedForAll[owner][msg.sender]) revert NotOwner(msg.sender, id);
        getApproved[id] = to;
        emit Approval(owner, to, id);
    }

    function setApprovalForAll(address operator, bool approved) external {
        isApprovedForAll[msg.sender][operator] = approved;
        emit ApprovalForAll(msg.sender, operator, approved);
    }

    function transferFrom(address from, address to, uint256 id) external {
        if (owners[id] != from) revert NotOwner(from, id);
        if (msg.sender != from && getApproved[id] != msg.sender && !isApprovedForAll[from][msg.sender]) {
            revert NotOwner(msg.sender, id);
        }
        delete getApproved[id];
        unchecked {
            balanceOf[from]--;
            balanceOf[to]++;
        }
        owners[id] = to;
        emit Transfer(from, to, id);
        _check(from, to, id);
    }

    /// A contract has to say that it takes pieces.
    function _check(address from, address to, uint256 id) private {
        if (to.code.length == 0) return;
        if (IReceiver(to).onERC721Received(msg.sender, from, id, "") != IReceiver.onERC721Received.selector) revert NoReceiver(to);
    }
}
