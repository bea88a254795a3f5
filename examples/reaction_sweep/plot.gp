# gnuplot -c plot.gp sweep.csv sweep.png
#
# The period of the oscillations; the line where the steady state becomes unstable (the same criterion as in
# oregonator.cpp, as a formula); circles where only some starts end in oscillations.

set datafile separator ','
set terminal pngcairo size 1100,800 font 'sans,15'
set output ARG2

# The steady state (u, v, u) and the derivatives of its rates of change; where Hurwitz' determinant, a quadratic function
# of k5, is zero.
q = 8.375e-6
s = sqrt(8e3 / 1.34)
u(f) = (1 - q - f + sqrt((1 - q - f)**2 + 4 * q * (1 + f))) / (2 * q)
v(f) = f * u(f) / (1 + u(f))
d1(f) = s * (1 - v(f) - 2 * q * u(f))
d2(f) = -(1 + u(f)) / s
trace(f) = d1(f) + d2(f)
minor(f) = d1(f) * d2(f) + (1 - u(f)) * v(f)
b(f) = trace(f)**2 + (1 - u(f)) * f
root(f, sign) = (b(f) + sign * sqrt(b(f)**2 - 4 * trace(f)**2 * minor(f))) / (2 * trace(f))
second = sqrt(1.34 * 8e3) * 0.06
boundary(f, sign) = root(f, sign) > 0 ? log10(second * root(f, sign)) : NaN

stats ARG1 using 1 every ::1 name 'f' nooutput
stats ARG1 using (log10($2)) every ::1 name 'k' nooutput
set xrange [f_min:f_max]
set yrange [k_min:k_max]
set samples 5000

set title 'The Oregonator: period of its oscillations'
set xlabel 'f, bromide ions set free for each pair of cerium ions'
set ylabel 'k_5 in 1/s'
set ytics ('0.01' -2, '0.1' -1, '1' 0, '10' 1, '100' 2, '1000' 3)
set cblabel 'period in s'
set logscale cb
set palette defined (0 '#fdf0d5', 0.35 '#f2a65a', 0.7 '#b5443c', 1 '#3b1c4a')
set object 1 rectangle from graph 0, 0 to graph 1, 1 behind fillcolor '#8fa3b5' fillstyle solid 0.35 noborder
set key inside top right
# Where there are none gnuplot would warn.
stats ARG1 using (stringcolumn(4) eq 'nan' ? 1 : 0) every ::1 name 'undecided' nooutput
stats ARG1 using ($4 > 0 && $4 < 1 ? 1 : 0) every ::1 name 'both' nooutput
plot ARG1 using 1:(log10($2)):($4 > 0 ? $5 : NaN) every ::1 with image notitle, \
     for [i = 1:undecided_sum > 0] ARG1 using (stringcolumn(4) eq 'nan' ? $1 : NaN):(log10($2)) every ::1 \
         with points pointtype 2 linecolor '#1f5f9a' title 'undecided', \
     for [i = 1:both_sum > 0] ARG1 using ($4 > 0 && $4 < 1 ? $1 : NaN):(log10($2)) every ::1 \
         with points pointtype 6 linecolor '#101820' title 'both rest and oscillations', \
     boundary(x, 1) with lines linewidth 2 linecolor '#1f5f9a' title 'steady state unstable inside', \
     boundary(x, -1) with lines linewidth 2 linecolor '#1f5f9a' notitle
