#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <scratch.hpp>

#include <tessera/comm/communicator.hpp>

namespace tessera::test {

/// One scratch folder for all ranks of a test.
class SharedScratch {
  public:
    SharedScratch() {
        if (comm.is_root()) own_.emplace();
        auto text = own_ ? own_->path().string() : std::string();
        comm::broadcast(comm, text, 0);
        path = text;
    }
    ~SharedScratch() { comm::barrier(comm); }
    SharedScratch(SharedScratch const&) = delete;
    SharedScratch& operator=(SharedScratch const&) = delete;

    comm::Communicator comm = comm::Communicator::world();
    std::filesystem::path path;

  private:
    std::optional<Scratch> own_;
};

}  // namespace tessera::test
