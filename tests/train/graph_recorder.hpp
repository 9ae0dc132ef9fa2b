#pragma once

#include <functional>

#include <tessera/device/work_graph.hpp>

namespace tessera::test {

/// Stands in for a GPU's graph: what is recorded runs when it is replayed.
class GraphRecorder : public device::WorkGraph {
  public:
    explicit GraphRecorder(int& replays) : replays_(replays) {}

    void record(std::function<void()> const& work) override { work_ = work; }
    void replay() override {
        ++replays_;
        work_();
    }

  private:
    int& replays_;
    std::function<void()> work_;
};

}  // namespace tessera::test
