#include "flow_store.hpp"

#include <algorithm>

namespace tessera::flow {

bool FlowStore::has_room(CellId flow, std::size_t kept) {
    auto const size = sizeof(FlowPacket) + kept;
    auto const used = flow == no_cell ? sizeof(LiveFlow) : (*this)[flow].last_used;
    auto const room = CellPool::cell_size - used;
    auto const more = size <= room ? 0 : (size - room + block_bytes - 1) / block_bytes;
    return more + (flow == no_cell ? 1 : 0) <= pool_.available();
}

CellId FlowStore::open() {
    auto const flow = pool_.take();
    auto& live = *new (pool_.address(flow)) LiveFlow;
    live.last_cell = flow;
    live.last_used = sizeof(LiveFlow);
    link_newest(flow);
    return flow;
}

void FlowStore::touch(CellId flow) {
    if (flow == newest_) return;
    unlink((*this)[flow]);
    link_newest(flow);
}

void FlowStore::append(LiveFlow& flow, FlowPacket const& packet, base::ByteSpan kept) {
    auto const size = sizeof packet + kept.size();
    if (size <= CellPool::cell_size - flow.last_used) {  // mostly: all in one piece
        auto* const to = pool_.address(flow.last_cell) + flow.last_used;
        std::memcpy(to, &packet, sizeof packet);
        if (!kept.empty()) std::memcpy(to + sizeof packet, kept.data(), kept.size());
        flow.last_used += static_cast<std::uint32_t>(size);
    } else {
        write(flow, reinterpret_cast<std::byte const*>(&packet), sizeof packet);
        write(flow, kept.data(), kept.size());
    }
    ++flow.packets;
    flow.bytes += static_cast<std::uint32_t>(kept.size());
}

void FlowStore::write(LiveFlow& flow, std::byte const* from, std::size_t count) {
    while (count > 0) {
        if (flow.last_used == CellPool::cell_size) add_cell(flow);
        auto const size = std::min(count, CellPool::cell_size - flow.last_used);
        std::memcpy(pool_.address(flow.last_cell) + flow.last_used, from, size);
        flow.last_used += static_cast<std::uint32_t>(size);
        from += size;
        count -= size;
    }
}

void FlowStore::add_cell(LiveFlow& flow) {
    auto const cell = pool_.take();
    pool_.link(flow.last_cell) = cell;
    flow.last_cell = cell;
    flow.last_used = sizeof(CellId);
    ++flow.cells;
}

void FlowStore::take_out(CellId flow, Flow& into) {
    copy(flow, into);
    auto const& live = (*this)[flow];
    unlink(live);
    pool_.give_back(flow, live.last_cell, live.cells);
}

namespace {

// Makes room for exactly `size` elements; lets go of the old ones first, so that never both exist.
template <class T>
void reuse(std::vector<T>& vector, std::size_t size) {
    if (vector.capacity() < size) std::vector<T>().swap(vector);
    vector.resize(size);
}

// Reads along a chain of cells, which lie anywhere: the next one is fetched while one is copied.
class ChainReader {
  public:
    ChainReader(CellPool& pool, CellId first, std::size_t offset)
        : pool_(pool), cell_(first), at_(offset) {
        fetch_next();
    }

    void read(std::byte* to, std::size_t count) {
        while (count > 0) {
            if (at_ == CellPool::cell_size) step();
            auto const size = std::min(count, CellPool::cell_size - at_);
            std::memcpy(to, pool_.address(cell_) + at_, size);
            at_ += size;
            to += size;
            count -= size;
        }
    }

  private:
    void step() {
        cell_ = pool_.link(cell_);
        at_ = sizeof(CellId);
        fetch_next();
    }

    void fetch_next() {
        constexpr std::size_t line = 64;
        auto const next = pool_.link(cell_);
        if (next == no_cell) return;
        for (std::size_t i = 0; i < CellPool::cell_size; i += line) {
            __builtin_prefetch(pool_.address(next) + i);
        }
    }

    CellPool& pool_;
    CellId cell_;
    std::size_t at_;
};

}  // namespace

void FlowStore::copy(CellId flow, Flow& into) {
    auto const& live = (*this)[flow];
    reuse(into.packets, live.packets);
    reuse(into.bytes, live.bytes);
    ChainReader chain(pool_, flow, sizeof(LiveFlow));
    for (auto& packet : into.packets) {
        chain.read(reinterpret_cast<std::byte*>(&packet), sizeof packet);
        chain.read(into.bytes.data() + packet.bytes_begin, packet.bytes_size);
    }
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
