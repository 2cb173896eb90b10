! Writes a matrix of by_programs.py in the ways that Fortran has. Usage: a.out MATRIX ROWS COLUMNS
program writers
  implicit none
  character(200) :: file, text
  integer :: rows, columns, row, way, unit
  real(8), allocatable :: m(:, :)
  character(30), parameter :: formats(8) = [character(30) :: '*', '(*(es25.17))', '(*(d26.16))', '(*(1pe16.7))', &
    '(*(g0,:,","))', '(*(es26.16e3))', '(*(en26.12))', '(*(g22.14))']

  call get_command_argument(1, file)
  call get_command_argument(2, text)
  read (text, *) rows
  call get_command_argument(3, text)
  read (text, *) columns
  allocate (m(columns, rows))
  open (newunit=unit, file=file, access='stream', form='unformatted', status='old')
  read (unit) m
  close (unit)
  do way = 1, size(formats)
    write (text, '(a,".",i0)') trim(file), way
    open (newunit=unit, file=text, status='replace')
    do row = 1, rows
      if (way == 1) then
        write (unit, *) m(:, row)
      else
        write (unit, formats(way)) m(:, row)
      end if
    end do
    close (unit)
  end do
  open (newunit=unit, file=trim(file)//'.9', status='replace', decimal='comma')
  do row = 1, rows
    write (unit, *) m(:, row)
  end do
  close (unit)
end program
