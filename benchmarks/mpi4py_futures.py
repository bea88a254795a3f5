"""mpi4py.futures on the function that bench_pool maps with the same chunks: seconds per item, medians.

mpirun -n 2 /usr/bin/python3 -m mpi4py.futures benchmarks/mpi4py_futures.py [repetitions]
"""

import statistics
import sys
import time

from mpi4py.futures import MPIPoolExecutor


def square(x):
    return x * x


def main():
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with MPIPoolExecutor() as pool:
        for chunk in (1, 100, 1000):
            items = 2000 if chunk == 1 else 100000
            xs = [float(i) for i in range(items)]
            times = []
            for i in range(repetitions + 1):
                begin = time.perf_counter()
                ys = list(pool.map(square, xs, chunksize=chunk))
                if i > 0:
                    times.append((time.perf_counter() - begin) / items)
                assert ys[-1] == xs[-1] ** 2
            print("# mpi4py", chunk, statistics.median(times), flush=True)


if __name__ == "__main__":
    main()
