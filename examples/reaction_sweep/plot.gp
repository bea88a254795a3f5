# gnuplot -c plot.gp sweep.csv sweep.png
#
# The period of the oscillations; the line where the steady state becomes unstable (the same criterion as in
# oregonator.cpp, as a formula); circles where only some starts end in oscillations.

set datafile separator ','
set terminal pngcairo size 1100,800 font 'sans,15'
set output ARG2

# The steady state (u, v, u), the derivatives of its rates of change, and Hurwitz' determinant.
q = 8.375e-6
s = sqrt(8e3 / 1.34)
w(k5) = k5 / (sqrt(1.34 * 8e3) * 0.06)
u(f) = (1 - q - f + sqrt((1 - q - f)**2 + 4 * q * (1 + f))) / (2 * q)
v(f) = f * u(f) / (1 + u(f))
d1(f) = s * (1 - v(f) - 2 * q * u(f))
d2(f) = -(1 + u(f)) / s
minor(f) = d1(f) * d2(f) + (1 - u(f)) * v(f)
c2(f, k5) = w(k5) - d1(f) - d2(f)
c1(f, k5) = minor(f) - (d1(f) + d2(f)) * w(k5)
c0(f, k5) = (minor(f) - (1 - u(f)) * f) * w(k5)
hurwitz(f, k5) = (c2(f, k5) * c1(f, k5) - c0(f, k5)) / (abs(c2(f, k5) * c1(f, k5)) + abs(c0(f, k5)))

stats ARG1 using 1 every ::1 name 'f' nooutput
stats ARG1 using (log10($2)) every ::1 name 'k' nooutput
set xrange [f_min:f_max]
set yrange [k_min:k_max]
set urange [f_min:f_max]
set vrange [k_min:k_max]
set samples 200, 200
set isosamples 200, 200
set contour base
set cntrparam levels discrete 0
unset surface
set table $boundary
splot hurwitz(x, 10**y)
unset table

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
     $boundary using 1:2 '%lf %lf' with lines linewidth 2 linecolor '#1f5f9a' title 'steady state unstable inside'
