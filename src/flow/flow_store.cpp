#include "flow_store.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tessera::flow {

bool FlowStore::has_room(CellId flow, std::size_t kept) {
    auto const size = sizeof(FlowPacket) + kept;
    auto const room = flow == no_cell ? 0 : block_bytes - (*this)[flow].last_used;
    if (size <= room) return true;
    auto const blocks = (size - room + block_bytes - 1) / block_bytes;
    return blocks + (flow == no_cell ? 1 : 0) <= pool_.available();
}

CellId FlowStore::open() {
    auto const flow = pool_.take<LiveFlow>();
    add_block((*this)[flow]);
    link_newest(flow);
    return flow;
}

void FlowStore::touch(CellId flow) {
    if (flow == newest_) return;
    unlink((*this)[flow]);
    link_newest(flow);
}

void FlowStore::append(CellId flow, FlowPacket const& packet, base::ByteSpan kept) {
    auto& live = (*this)[flow];
    write(live, reinterpret_cast<std::byte const*>(&packet), sizeof packet);
    write(live, kept.data(), kept.size());
    ++live.packets;
    live.bytes += static_cast<std::uint32_t>(kept.size());
}

void FlowStore::write(LiveFlow& flow, std::byte const* from, std::size_t count) {
    while (count > 0) {
        if (flow.last_used == block_bytes) add_block(flow);
        auto const size = std::min(count, block_bytes - flow.last_used);
        std::memcpy(pool_.at<Block>(flow.last_block).bytes.data() + flow.last_used, from, size);
        flow.last_used += static_cast<std::uint32_t>(size);
        from += size;
        count -= size;
    }
}

void FlowStore::add_block(LiveFlow& flow) {
    auto const block = pool_.take<Block>();
    pool_.at<Block>(block).next = no_cell;
    auto& link =
        flow.last_block == no_cell ? flow.first_block : pool_.at<Block>(flow.last_block).next;
    link = block;
    flow.last_block = block;
    flow.last_used = 0;
}

namespace {

// Makes room for exactly `size` elements; lets go of the old ones first, so that never both exist.
template <class T>
void reuse(std::vector<T>& vector, std::size_t size) {
    if (vector.capacity() < size) std::vector<T>().swap(vector);
    vector.resize(size);
}

}  // namespace

void FlowStore::read(CellId flow, Flow& into) {
    auto const& live = (*this)[flow];
    reuse(into.packets, live.packets);
    reuse(into.bytes, live.bytes);
    auto block = live.first_block;
    std::size_t used = 0;
    auto const take = [&](std::byte* to, std::size_t count) {
        while (count > 0) {
            if (used == block_bytes) {
                block = pool_.at<Block>(block).next;
                used = 0;
            }
            auto const size = std::min(count, block_bytes - used);
            std::memcpy(to, pool_.at<Block>(block).bytes.data() + used, size);
            used += size;
            to += size;
            count -= size;
        }
    };
    for (auto& packet : into.packets) {
        take(reinterpret_cast<std::byte*>(&packet), sizeof packet);
        take(into.bytes.data() + packet.bytes_begin, packet.bytes_size);
    }
}

void FlowStore::remove(CellId flow) {
    auto const& live = (*this)[flow];
    unlink(live);
    for (auto block = live.first_block; block != no_cell;) {
        pool_.give_back(std::exchange(block, pool_.at<Block>(block).next));
    }
    pool_.give_back(flow);
}

void FlowStore::link_newest(CellId flow) {
    auto& live = (*this)[flow];
    live.older = newest_;
    live.newer = no_cell;
    (newest_ == no_cell ? oldest_ : (*this)[newest_].newer) = flow;
    newest_ = flow;
}

void FlowStore::unlink(LiveFlow const& flow) {
    (flow.older == no_cell ? oldest_ : (*this)[flow.older].newer) = flow.newer;
    (flow.newer == no_cell ? newest_ : (*this)[flow.newer].older) = flow.older;
}

}  // namespace tessera::flow
