// GoogleTest under MPI: every rank runs every test, rank 0 alone prints progress, the others only
// their failures, and the program fails when any rank does.
#include <cstdio>
#include <memory>

#include <gtest/gtest.h>
#include <mpi.h>

namespace {

class FailurePrinter : public testing::EmptyTestEventListener {
  public:
    explicit FailurePrinter(int rank) : rank_(rank) {}

    void OnTestPartResult(testing::TestPartResult const& result) override {
        if (!result.failed()) return;
        std::fprintf(stderr, "[rank %d] %s:%d\n%s\n", rank_,
                     result.file_name() != nullptr ? result.file_name() : "?", result.line_number(),
                     result.summary());
    }

  private:
    int rank_;
};

void silence_all_but_failures(int rank) {
    auto& listeners = testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(std::make_unique<FailurePrinter>(rank).release());
}

}  // namespace

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    testing::InitGoogleTest(&argc, argv);
    if (rank != 0) silence_all_but_failures(rank);
    int failed = RUN_ALL_TESTS();
    MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    MPI_Finalize();
    return failed;
}
